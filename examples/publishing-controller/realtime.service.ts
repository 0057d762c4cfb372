import { Injectable } from '@nestjs/common';
import { ApplicationProvider, EventDispatcher } from 'revurb';

/** Publishes for the rest of the application, so that it knows nothing of applications and JSON. */
@Injectable()
export class RealtimeService {
  constructor(
    private readonly dispatcher: EventDispatcher,
    private readonly applications: ApplicationProvider,
  ) {}

  /**
   * Resolves when the event is on its way to all subscribers, of all nodes.
   * @throws OverloadError when the server cannot take it now
   */
  async publish(channel: string, name: string, data: object): Promise<void> {
    const application = await this.applications.findById('app-id');
    if (application === undefined) throw new Error('The application app-id is gone.');
    const event = { name, channels: [channel], data: JSON.stringify(data) };
    await this.dispatcher.publish(application, [event]);
  }
}
