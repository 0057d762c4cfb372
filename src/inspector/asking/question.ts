import type {
  ConnectionDetails,
  ConnectionRow,
  NodeCharts,
  NodeRow,
  SubscriberRow,
  Watch,
  WebhookOverview,
} from '../contract.js';

/** What nodes ask each other for the pages of inspectors, and what they answer. */
export interface Questions {
  readonly watch: readonly [
    { readonly watches: readonly Watch[]; readonly ended: readonly string[] },
    { readonly hasRoom: boolean },
  ];
  /** Connections by application. */
  readonly applications: readonly [Nothing, Readonly<Record<string, number>>];
  /** Events a second by channel. */
  readonly rates: readonly [OfApplication, Readonly<Record<string, number>>];
  readonly channel: readonly [
    OfApplication & { readonly channel: string },
    { readonly subscribers: readonly SubscriberRow[]; readonly rate: number },
  ];
  readonly connections: readonly [
    OfApplication & { readonly search: string },
    { readonly connections: readonly ConnectionRow[]; readonly total: number },
  ];
  /** null: the socket is on another node, or nowhere. */
  readonly connection: readonly [
    OfApplication & { readonly socketId: string },
    ConnectionDetails | null,
  ];
  readonly node: readonly [Nothing, Omit<NodeRow, 'nodeId' | 'answeredInMs'>];
  readonly charts: readonly [Nothing, NodeCharts];
  readonly webhooks: readonly [Nothing, Pick<WebhookOverview, 'delivered' | 'failed' | 'retried'>];
  readonly disconnect: readonly [
    OfApplication & { readonly socketId?: string; readonly userId?: string },
    Affected,
  ];
  readonly unsubscribe: readonly [
    OfApplication & { readonly userId: string; readonly channel: string },
    Affected,
  ];
}

type Nothing = Readonly<Record<string, never>>;

interface OfApplication {
  readonly appId: string;
}

/** How many it was about. */
interface Affected {
  readonly affected: number;
}

/** What a question is about. */
export type Subject = keyof Questions;

/** The subject as all rooms of the server know it. */
export const fullSubject = (subject: Subject): string => `inspector.${subject}`;
