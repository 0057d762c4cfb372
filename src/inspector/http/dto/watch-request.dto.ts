import { ArrayMaxSize, IsArray, IsOptional, IsString } from 'class-validator';

/** `PUT api/watches`: what a page watches. Its watches are read one by one. */
export class WatchRequestDto {
  @IsArray()
  @ArrayMaxSize(8)
  watches!: unknown[];

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(64)
  @IsString({ each: true })
  ended?: string[] | null;
}
