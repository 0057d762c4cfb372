import { IsOptional, IsString, MaxLength } from 'class-validator';

/** `POST api/session`: who wants to sign in. */
export class SignInDto {
  @IsString()
  @MaxLength(1000)
  secret!: string;

  @IsOptional()
  @IsString()
  @MaxLength(80)
  name?: string | null;
}
