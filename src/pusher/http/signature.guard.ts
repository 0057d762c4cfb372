import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { noSuchPath } from './api-error.js';
import { apiRequestOf, rawRequestOf } from './api-request.js';
import { RequestAuthentication } from './request-authentication.js';
import { readBody } from './request-body.js';

/** Lets signed requests through, and gives the controller what {@link RequestAuthentication} found. */
@Injectable()
export class SignatureGuard implements CanActivate {
  constructor(private readonly authentication: RequestAuthentication) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const raw = rawRequestOf(context);
    const request = apiRequestOf(raw);
    if (request === undefined) throw noSuchPath();
    const method = raw.method ?? '';
    const application = await this.authentication.identify(method, request);
    const body = await readBody(raw, this.authentication.maxBodySize);
    this.authentication.accept(application, request, body);
    if (method !== 'POST') await this.authentication.checkReads(application);
    return true;
  }
}
