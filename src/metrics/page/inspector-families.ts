import type { InspectorCounters } from '../inspector-counters.js';
import { counter, gauge, type MetricFamily } from './metric-family.js';

/** The inspector: who looks, and who tries to. */
export function inspectorFamilies(counters: InspectorCounters): readonly MetricFamily[] {
  return [
    gauge('revurb_inspector_watches', 'Streams of records that pages want.', [], () => [
      [counters.watches],
    ]),
    counter(
      'revurb_inspector_records_total',
      'Records for pages, by whether they were sent or were too many.',
      ['outcome'],
      () => [
        [counters.records, 'sent'],
        [counters.skipped, 'skipped'],
      ],
    ),
    counter('revurb_inspector_failed_sign_ins_total', 'Wrong passwords and tokens.', [], () => [
      [counters.failedSignIns],
    ]),
    counter('revurb_inspector_actions_total', 'What was done from pages.', [], () => [
      [counters.actions],
    ]),
  ];
}
