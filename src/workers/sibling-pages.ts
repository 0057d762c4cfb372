import { Logger } from '@nestjs/common';
import type { MetricsPage, Siblings } from '../metrics/page/metrics-page.js';
import type { SupervisorLink } from './supervisor-link.js';

/** Longer than the supervisor waits, and shorter than anybody who scrapes. */
const DEADLINE_MS = 2000;

/** The metrics pages of the other workers, by way of the supervisor; and this worker's own, for them. */
export class SiblingPages implements Siblings {
  readonly name: string;
  private readonly logger = new Logger('Metrics');
  private readonly questions = new Map<number, (pages: readonly string[]) => void>();
  private lastAskId = 0;

  constructor(
    number: number,
    private readonly supervisor: SupervisorLink,
    page: MetricsPage,
  ) {
    this.name = String(number);
    supervisor.listen({
      onPages: ({ askId, pages }) => this.questions.get(askId)?.(pages),
      onPageWanted: ({ askId }) => void this.answer(askId, page),
    });
  }

  pages(): Promise<readonly string[]> {
    const askId = (this.lastAskId += 1);
    return new Promise((resolve) => {
      const conclude = (pages: readonly string[]) => {
        clearTimeout(timer);
        this.questions.delete(askId);
        resolve(pages);
      };
      const timer = setTimeout(() => conclude([]), DEADLINE_MS);
      this.questions.set(askId, conclude);
      void this.supervisor.tell({ type: 'pages-wanted', askId });
    });
  }

  private async answer(askId: number, page: MetricsPage): Promise<void> {
    try {
      await this.supervisor.tell({ type: 'page', askId, page: await page.ownText() });
    } catch (error) {
      this.logger.error('The metrics page could not be written', error);
    }
  }
}
