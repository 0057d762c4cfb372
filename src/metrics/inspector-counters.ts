import { Injectable } from '@nestjs/common';

/** What the inspector does on this node. */
@Injectable()
export class InspectorCounters {
  /** Streams of records that pages want now, whatever node they are connected to. */
  watches = 0;
  /** Since the start: records sent to watches. */
  records = 0;
  /** Since the start: records that were too many for a watch. Steps of traces are not counted. */
  skipped = 0;
  /** Since the start: wrong passwords and tokens. */
  failedSignIns = 0;
  /** Since the start: what signed in people did. */
  actions = 0;
}
