import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { noSuchPath } from './api-error.js';
import { apiRequestOf, rawRequestOf } from './api-request.js';

/** Lets those through that came by the front door: nobody else knows the path of a controller. */
@Injectable()
export class FrontDoorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (apiRequestOf(rawRequestOf(context)) !== undefined) return true;
    throw noSuchPath();
  }
}
