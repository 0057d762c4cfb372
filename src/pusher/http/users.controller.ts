import { Controller, HttpCode, Post, UseFilters, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { MAX_USER_ID_LENGTH } from '../../channels/channel-name.js';
import { UserService } from '../user.service.js';
import { ApiExceptionFilter } from './api-exception.filter.js';
import { badRequest } from './api-error.js';
import { ROUTE_ROOT } from './api-routes.js';
import { PartialAnswer } from './partial-answer.js';
import { Signed, type SignedRequest } from './api-request.js';
import { SignatureGuard } from './signature.guard.js';

/**
 * Terminating users: `POST /apps/{id}/users/{user}/terminate_connections`, and the same without
 * `/apps/{id}`, as the Python library calls it.
 */
@UseFilters(ApiExceptionFilter)
@UseGuards(SignatureGuard)
@Controller({ path: ROUTE_ROOT, version: VERSION_NEUTRAL })
export class UsersController {
  constructor(
    private readonly users: UserService,
    private readonly partial: PartialAnswer,
  ) {}

  @Post(['apps/:appId/users/:userId/terminate_connections', 'users/:userId/terminate_connections'])
  @HttpCode(200)
  async terminate(@Signed() request: SignedRequest): Promise<object> {
    const { application, segments } = request;
    const userId = segments.at(-2) ?? '';
    if (userId === '' || userId.length > MAX_USER_ID_LENGTH) {
      throw badRequest(`The user id must have 1 to ${MAX_USER_ID_LENGTH} characters.`);
    }
    await this.partial.of(request, () => this.users.terminate(application.id, userId));
    return {};
  }
}
