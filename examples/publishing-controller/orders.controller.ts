import { randomUUID } from 'node:crypto';
import { BadRequestException, Body, Controller, Get, Post } from '@nestjs/common';
import { MetricsHandler } from 'revurb';
import { RealtimeService } from './realtime.service.js';

/** What is ordered. */
export interface OrderRequest {
  readonly product: string;
}

/** Takes orders, and tells whoever is listening. */
@Controller('orders')
export class OrdersController {
  constructor(
    private readonly realtime: RealtimeService,
    private readonly metrics: MetricsHandler,
  ) {}

  @Post()
  async place(@Body() { product }: OrderRequest): Promise<{ id: string }> {
    if (typeof product !== 'string') throw new BadRequestException('product is missing.');
    const id = randomUUID();
    await this.realtime.publish('private-orders', 'placed', { id, product });
    return { id };
  }

  /** How many are listening, on all nodes. */
  @Get('listeners')
  async listeners(): Promise<{ listeners: number }> {
    const { subscription_count: listeners = 0 } = await this.metrics.channel(
      'app-id',
      'private-orders',
      ['subscription_count'],
    );
    return { listeners };
  }
}
