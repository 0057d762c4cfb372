import {
  ArrayNotEmpty,
  IsArray,
  IsNotEmpty,
  IsOptional,
  IsString,
  NotEquals,
} from 'class-validator';

/** What every published event has. Limits that an application sets are checked after this. */
export class EventDto {
  @IsString()
  @IsNotEmpty()
  name!: string;

  /** A string is passed on as it is, any other JSON value is encoded, null too. */
  @NotEquals(undefined, { message: 'data is missing' })
  data: unknown;

  @IsOptional()
  @IsString()
  socket_id?: string | null;

  /** Names of attributes, with commas between them. */
  @IsOptional()
  @IsString()
  info?: string | null;
}

/** Body of `POST /apps/{id}/events`. */
export class PublishEventDto extends EventDto {
  /** Ignored when there are `channels`. */
  @IsOptional()
  @IsString()
  channel?: string | null;

  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  channels?: string[] | null;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  idempotency_key?: string | null;
}
