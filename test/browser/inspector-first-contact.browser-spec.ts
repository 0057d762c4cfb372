import { closeAll, eventually } from '../harness/eventually.js';
import { publish } from '../harness/publish.js';
import { ServerProcess } from '../harness/server-process.js';
import { plainRequest } from '../harness/signed-request.js';
import { INSPECTED, startInspected, TOKEN } from './harness/inspected-server.js';
import { Inspector } from './harness/inspector.js';
import { inspectorUrlOf } from './harness/open-inspector.js';
import { useChromium } from './harness/use-chromium.js';

const chromium = useChromium();
const PASSWORD = 'a password of the tests';

let server: ServerProcess;

beforeAll(async () => {
  server = await startInspected();
});

afterAll(closeAll);

/** What stands in the address bar after the origin. */
const addressOf = ({ page }: Inspector) => page.url().slice(new URL(page.url()).origin.length);

async function signIn(inspector: Inspector, label: string, secret: string, name = '') {
  await inspector.field(label).fill(secret);
  await inspector.field('Your name (optional)').fill(name);
  await inspector.button('Sign in').click();
}

/** The browser says so of each answer that is no success. */
const expectRefusal = ({ watched }: Inspector, status: number) =>
  watched.expectComplaint(new RegExp(`^console: .*status of ${status} `));

describe('The address that a server prints', () => {
  it.each([
    ['for machines', 'json'],
    ['for eyes', 'pretty'],
  ])('signs in, and leaves no token behind: %s', async (_for, REVERB_LOG_FORMAT) => {
    const variables = { ...INSPECTED, REVERB_INSPECTOR_TOKEN: undefined, REVERB_LOG_FORMAT };
    const printing = await ServerProcess.start({ variables });
    await printing.said(/#token=[^\s"]+/);
    const printed = inspectorUrlOf(printing);
    const inspector = await Inspector.visit(chromium, printing);
    await inspector.expectLive();
    expect(addressOf(inspector)).not.toContain('token');
    expect(await inspector.page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
    await inspector.page.goBack();
    expect(inspector.page.url()).not.toContain(printed.hash.slice('#token='.length));
  });

  it('is not printed with a token that was chosen', async () => {
    await server.said(/inspectorUrl/);
    expect(server.output).not.toContain(TOKEN);
    const inspector = await Inspector.visit(chromium, server, { token: null });
    await signIn(inspector, 'Token', TOKEN);
    await inspector.expectLive();
  });
});

describe('Signing in with a password', () => {
  let guarded: ServerProcess;
  beforeAll(async () => {
    guarded = await startInspected({ REVERB_INSPECTOR_PASSWORD: PASSWORD });
  });

  const visit = () => Inspector.visit(chromium, guarded, { token: null });

  it('lets in, with a name, and out again', async () => {
    const inspector = await visit();
    await signIn(inspector, 'Password', PASSWORD, 'Bert');
    await inspector.expectLive();
    await inspector.page.reload();
    await inspector.expectLive();
    await inspector.button('Sign out (Bert)').click();
    await inspector.field('Password').waitFor();
    expect(await inspector.grid('Records').count()).toBe(0);
    await inspector.page.reload();
    await inspector.field('Password').waitFor();
  });

  it('comes back when the session has ended, and keeps what was shown', async () => {
    const inspector = await Inspector.open(chromium, guarded);
    await publish(guarded, 'orders', 'before');
    await inspector.expectRecord('orders', 'before');
    await inspector.field('Search').fill('before');
    await inspector.watched.context.clearCookies();
    await inspector.expectText(/^Your session has ended\./);
    await expectRefusal(inspector, 401);
    // Nobody gets at what lies behind.
    await inspector.page.locator('.shell[inert]').waitFor({ state: 'attached' });
    await signIn(inspector, 'Password', PASSWORD);
    await inspector.expectLive();
    await inspector.expectRecord('orders', 'before');
    expect(await inspector.field('Search').inputValue()).toBe('before');
    await publish(guarded, 'orders', 'before-long');
    await inspector.expectRecord('orders', 'before-long');
  });

  it('refuses in words, and after ten of them says how long to wait', async () => {
    // Nobody of this address is let in for a minute.
    const strict = await startInspected({ REVERB_INSPECTOR_PASSWORD: PASSWORD });
    const inspector = await Inspector.visit(chromium, strict, { token: null });
    const alert = inspector.page.getByRole('alert');
    await signIn(inspector, 'Password', 'wrong password');
    await alert.getByText('The password or token is wrong.').waitFor();
    await expectRefusal(inspector, 401);
    for (let attempt = 2; attempt <= 10; attempt++) {
      const body = { secret: `wrong password ${attempt}` };
      const { status } = await plainRequest(strict.httpUrl, 'POST', '/inspector/api/session', {
        body,
      });
      expect(status).toBe(401);
    }
    await signIn(inspector, 'Password', PASSWORD);
    await alert.getByText(/Try again in \d+ seconds?\./).waitFor();
    await expectRefusal(inspector, 429);
    expect(await inspector.button('Sign in').isDisabled()).toBe(true);
    const seconds = async () => Number(/in (\d+) s/.exec((await alert.textContent())!)?.[1]);
    const first = await seconds();
    expect(first).toBeLessThanOrEqual(60);
    await eventually(async () => expect(await seconds()).toBeLessThan(first));
  });

  it('is refused with a token that is none', async () => {
    const inspector = await Inspector.visit(chromium, server, { token: 'not-the-token' });
    await inspector.page.getByRole('alert').getByText('The password or token is wrong.').waitFor();
    await expectRefusal(inspector, 401);
    expect(addressOf(inspector)).not.toContain('token');
  });
});

describe('The page of the inspector', () => {
  it('has a session that no script can read', async () => {
    const inspector = await Inspector.open(chromium, server);
    expect(await inspector.page.evaluate(() => document.cookie)).toBe('');
    const cookies = await inspector.watched.context.cookies();
    expect(cookies).toEqual([
      expect.objectContaining({ httpOnly: true, sameSite: 'Strict', path: '/inspector' }),
    ]);
    const kept = await inspector.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]),
    );
    expect(kept).not.toContain(TOKEN);
    expect(kept).not.toContain(cookies[0]!.value);
  });

  it('cannot be framed, not even by its own server', async () => {
    const url = inspectorUrlOf(server);
    const watched = await chromium.open(url.origin);
    await watched.page.setContent(`<iframe src="${url.href}"></iframe>`);
    await watched.expectComplaint(/^console: .*frame-ancestors 'none'/);
    expect(await watched.page.frames()[1]!.content()).not.toContain('Revurb inspector');
    // What else the browser says of it.
    if (watched.complaints.length > 0) await watched.expectComplaint(/inspector/);
  });

  it('may run nothing that is written into it', async () => {
    const inspector = await Inspector.open(chromium, server);
    await inspector.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "Run"';
      document.head.append(script);
    });
    await inspector.watched.expectComplaint(/^csp: script-src-elem inline$/);
    await inspector.watched.expectComplaint(/^console: .*Content Security Policy/);
    expect(await inspector.page.title()).not.toBe('Run');
  });

  it('shows markup of others as text', async () => {
    const inspector = await Inspector.open(chromium, server);
    const markup = '<img src=x onerror=document.title=1>';
    await publish(server, 'orders', markup, JSON.stringify({ markup }));
    const details = await inspector.openRecord(markup);
    await details.getByRole('term').first().waitFor();
    expect(await details.textContent()).toContain(markup);
    expect(await inspector.page.locator('img').count()).toBe(0);
  });
});
