import { ArrayMinSize, IsArray, IsBoolean, IsOptional, IsString, MaxLength } from 'class-validator';

/** `POST /apps/{id}/webhooks/retry`: which events are to be sent again. */
export class RetryWebhooksDto {
  /** Ids of dead letters. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @IsString({ each: true })
  @MaxLength(40, { each: true })
  ids?: string[] | null;

  /** All there are. */
  @IsOptional()
  @IsBoolean()
  all?: boolean | null;
}
