import { ArrayNotEmpty, IsArray, IsNotEmpty, IsOptional, IsString } from 'class-validator';
import { EventDto } from './publish-event.dto.js';

/** One event of a batch. */
export class BatchEventDto extends EventDto {
  @IsString()
  channel!: string;
}

/** Body of `POST /apps/{id}/batch_events`. Its events are validated one by one. */
export class BatchEventsDto {
  @IsArray()
  @ArrayNotEmpty()
  batch!: unknown[];

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  idempotency_key?: string | null;
}
