import { Injectable } from '@nestjs/common';
import { ClusterService } from '../scaling/cluster.service.js';
import { StateStore, type ChannelState } from '../scaling/state-store.js';
import { findChannels, type FoundChannels } from './found-channels.js';
import { SharedReads } from './shared-reads.js';

/**
 * Lists the channels of applications. The store can only be asked for all of an application, which
 * costs in proportion to them: all pages and searches share what was read last.
 */
@Injectable()
export class ChannelLists {
  private readonly readings = new SharedReads((appId) => this.read(appId));

  constructor(
    private readonly cluster: ClusterService,
    private readonly state: StateStore,
  ) {}

  /** Those whose name contains a text, as they were a moment ago, or longer if there are very many. */
  async find(
    appId: string,
    search: string,
  ): Promise<FoundChannels & { readonly isPartial: boolean }> {
    const reading = await this.readings.of(appId);
    const found = await reading.find(search);
    return { ...found, isPartial: reading.isPartial || this.isDown };
  }

  private async read(appId: string): Promise<ChannelReading> {
    const states = await this.state.channels(appId, '');
    return new ChannelReading(states, this.isDown);
  }

  private get isDown(): boolean {
    return this.cluster.status === 'down';
  }
}

/** All channels of an application, as they were. */
class ChannelReading {
  private all: Promise<FoundChannels> | undefined;

  constructor(
    private readonly states: readonly ChannelState[],
    readonly isPartial: boolean,
  ) {}

  find(search: string): Promise<FoundChannels> {
    if (search !== '') return findChannels(this.states, search);
    return (this.all ??= findChannels(this.states, ''));
  }
}
