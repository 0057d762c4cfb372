import { ArrayMaxSize, IsArray, IsOptional, IsString } from 'class-validator';
import { MAX_ENDED_WATCHES, MAX_PAGE_WATCHES } from '../../limits.js';

/** `PUT api/watches`: what a page watches. Its watches are read one by one. */
export class WatchRequestDto {
  @IsArray()
  @ArrayMaxSize(MAX_PAGE_WATCHES)
  watches!: unknown[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MAX_ENDED_WATCHES)
  @IsString({ each: true })
  ended?: string[] | null;
}
