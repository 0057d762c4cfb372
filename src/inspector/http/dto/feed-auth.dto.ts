import { IsString, Matches, MaxLength } from 'class-validator';

/** `POST api/feed-auth`: which connection wants which feed. */
export class FeedAuthDto {
  @Matches(/^\d{1,20}\.\d{1,20}$/)
  socket_id!: string;

  @IsString()
  @MaxLength(100)
  channel_name!: string;
}
