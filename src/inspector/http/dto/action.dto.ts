import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsNotEmpty,
  IsOptional,
  IsString,
  MaxLength,
} from 'class-validator';

/** `POST api/apps/:appId/disconnect`: one of the two. */
export class DisconnectDto {
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  socketId?: string | null;

  @IsOptional()
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  userId?: string | null;
}

/** `POST api/apps/:appId/unsubscribe`. */
export class UnsubscribeDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  userId!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  channel!: string;
}

/** `POST api/apps/:appId/forget-cached-event`. */
export class ForgetCachedEventDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(1000)
  channel!: string;
}

/** `POST api/apps/:appId/events`. Its events are read one by one. */
export class EventsDto {
  @IsArray()
  @ArrayNotEmpty()
  events!: unknown[];
}

/** `POST api/apps/:appId/webhooks/retry`: all, if none are named. */
export class ResendWebhooksDto {
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  ids?: string[] | null;
}
