import { createApplication, type WebhookEndpoint } from '../applications/application.js';
import { WEBHOOK_EVENT_TYPES } from './webhook-event.js';
import { planOf, WebhookPlan } from './webhook-plan.js';

const endpoint = (changes: Partial<WebhookEndpoint> = {}): WebhookEndpoint => ({
  url: 'https://a.test/hook',
  eventTypes: [],
  channelNameStartsWith: '',
  channelNameEndsWith: '',
  headers: {},
  ...changes,
});

const plan = (webhooks: readonly WebhookEndpoint[], subscriptionCount = false) =>
  new WebhookPlan({ webhooks, subscriptionCount });

/** Whether the only endpoint takes an event. */
const takes = (changes: Partial<WebhookEndpoint>, type: string, channel?: string) =>
  plan([endpoint(changes)]).takersOf(type as 'cache_miss', channel).length === 1;

describe('An endpoint', () => {
  it('that names no events gets all, counts only where the application has them', () => {
    const types = (subscriptionCount: boolean) =>
      WEBHOOK_EVENT_TYPES.filter(
        (type) => plan([endpoint()], subscriptionCount).takersOf(type, 'a').length > 0,
      );
    expect(types(true)).toEqual([...WEBHOOK_EVENT_TYPES]);
    expect(types(false)).toEqual(
      WEBHOOK_EVENT_TYPES.filter((type) => type !== 'subscription_count'),
    );
  });

  it('that names events gets those and no others', () => {
    for (const wanted of WEBHOOK_EVENT_TYPES) {
      for (const type of WEBHOOK_EVENT_TYPES) {
        expect(takes({ eventTypes: [wanted] }, type, 'a')).toBe(wanted === type);
      }
    }
  });

  it.each([
    ['orders-', '', 'orders-1', true],
    ['orders-', '', 'my-orders-1', false],
    ['orders-', '', 'Orders-1', false],
    ['', '-1', 'orders-1', true],
    ['', '-1', 'orders-12', false],
    ['orders-', '-1', 'orders-1', true],
    ['orders-', '-1', 'orders-2', false],
    ['.*', '', 'orders-1', false],
  ])('with the filter %j %j gets an event of %s: %s', (start, end, channel, isTaken) => {
    const filter = { channelNameStartsWith: start, channelNameEndsWith: end };
    expect(takes(filter, 'channel_occupied', channel)).toBe(isTaken);
  });

  it('with a filter gets events without a channel only if it names them', () => {
    const filter = { channelNameStartsWith: 'orders-' };
    expect(takes(filter, 'user_online')).toBe(false);
    expect(takes({ ...filter, eventTypes: ['user_online'] }, 'user_online')).toBe(true);
    expect(takes({}, 'user_online')).toBe(true);
  });

  it('is known by its URL: its id stays when anything else of it changes, or others come', () => {
    const one = plan([endpoint()]).takersOf('cache_miss', 'a');
    const other = endpoint({ url: 'https://b.test/' });
    const changed = endpoint({ headers: { a: 'b' }, eventTypes: ['cache_miss'] });
    const [first, second] = plan([other, changed]).takersOf('cache_miss', 'a');
    expect([second]).toEqual(one);
    expect(first).not.toBe(second);
  });

  it('has an id of its own even if it has the URL of another', () => {
    const twins = [endpoint(), endpoint({ channelNameStartsWith: 'a' })];
    const ids = plan(twins).takersOf('cache_miss', 'a');
    expect(new Set(ids).size).toBe(2);
    expect(ids.map((id) => plan(twins).find(id)?.channelNameStartsWith)).toEqual(['', 'a']);
  });
});

describe('A plan', () => {
  it('is made once for each application', () => {
    const describe = () => createApplication({ id: '1', keys: [{ key: 'k', secret: 's' }] });
    const application = describe();
    expect(planOf(application)).toBe(planOf(application));
    expect(planOf(describe())).not.toBe(planOf(application));
  });

  it('wants a place if anybody wants one of its two events', () => {
    const wants = (eventTypes: string[], prefix = '') =>
      plan([endpoint({ eventTypes, channelNameStartsWith: prefix })]);
    const channel = { kind: 'channel', channel: 'a' } as const;
    expect(wants(['channel_occupied']).wantsPlace(channel)).toBe(true);
    expect(wants(['channel_vacated']).wantsPlace(channel)).toBe(true);
    expect(wants(['member_added']).wantsPlace(channel)).toBe(false);
    expect(wants(['channel_vacated'], 'b').wantsPlace(channel)).toBe(false);
    expect(wants(['user_offline'], 'b').wantsPlace({ kind: 'user', userId: '1' })).toBe(true);
  });

  it('knows no endpoint that is not there, and no event that is none', () => {
    expect(plan([endpoint()]).find('0123456789abcdef')).toBeUndefined();
    expect(takes({ eventTypes: ['constructor', '__proto__'] }, 'cache_miss', 'a')).toBe(false);
  });
});
