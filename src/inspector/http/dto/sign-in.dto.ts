import { IsOptional, IsString, MaxLength } from 'class-validator';
import { MAX_NAME_LENGTH } from '../../limits.js';

/** `POST api/session`: who wants to sign in. */
export class SignInDto {
  @IsString()
  @MaxLength(1000)
  secret!: string;

  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME_LENGTH)
  name?: string | null;
}
