import { createTestServer, type TestServer } from 'revurb/testing';
import { HostApplicationModule } from './host-application.module.js';

let server: TestServer;

beforeEach(async () => {
  server = await createTestServer({ module: HostApplicationModule });
});

afterEach(() => server.close());

describe('The guard', () => {
  it('keeps others out of the channels of the staff', async () => {
    const guest = await server.connect();
    await expect(guest.subscribe('private-staff-desk')).rejects.toThrow('is for the staff');
    await guest.signIn({ id: 'guest' });
    await expect(guest.subscribe('private-staff-desk')).rejects.toThrow('is for the staff');
    await guest.subscribe('private-desk');
  });

  it('lets the staff in', async () => {
    const ann = await server.connect();
    await ann.signIn({ id: 'staff-ann' });
    await ann.subscribe('private-staff-desk');
    await server.publish('private-staff-desk', 'called');
    await ann.expectEvent('called');
  });

  it('lets only those talk who signed in', async () => {
    const ann = await server.connect();
    const bob = await server.connect();
    for (const client of [ann, bob]) await client.subscribe('private-desk');
    ann.trigger('client-hi', 'private-desk', 1);
    await ann.expectEvent('pusher:error', {
      data: { code: 4009, message: 'Sign in before you talk to others.' },
    });
    await ann.signIn({ id: 'ann' });
    ann.trigger('client-hi', 'private-desk', 2);
    expect((await bob.expectEvent('client-hi')).data).toBe(2);
  });
});
