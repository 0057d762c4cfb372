import { ValidationPipe, type INestApplication } from '@nestjs/common';

/** How the application is set up, in production as in its tests. None of it concerns the server. */
export function setUp(app: INestApplication): void {
  app.setGlobalPrefix('api');
  app.useGlobalPipes(new ValidationPipe({ transform: true }));
}
