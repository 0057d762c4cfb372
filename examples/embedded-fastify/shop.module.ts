import { Body, Controller, Get, Module, Post } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

/** Routes that were there before, one of which the server has at its own root, too. */
@Controller()
export class ShopController {
  @Get('up')
  up() {
    return { shop: 'open' };
  }

  @Post('echo')
  echo(@Body() body: object) {
    return { body };
  }
}

/** A gateway that was there before, on the same port: plain WebSockets at `/chat`. */
@WebSocketGateway({ path: '/chat' })
export class ChatGateway {
  @SubscribeMessage('hello')
  hello(@MessageBody() name: string) {
    return { event: 'hello', data: `hello ${name}` };
  }
}

/** What the application was before the server came into it. */
@Module({ controllers: [ShopController], providers: [ChatGateway] })
export class ShopModule {}
