/** The library comes without types. */
declare module 'parse-prometheus-text-format' {
  /** A metric without ranges. */
  interface ParsedSample {
    readonly value: string;
    readonly labels?: Readonly<Record<string, string>>;
  }

  /** A histogram. */
  interface ParsedHistogram {
    readonly buckets: Readonly<Record<string, string>>;
    readonly count: string;
    readonly sum: string;
    readonly labels?: Readonly<Record<string, string>>;
  }

  interface ParsedFamily {
    readonly name: string;
    readonly help: string;
    readonly type: string;
    readonly metrics: readonly (ParsedSample & ParsedHistogram)[];
  }

  /** @throws Error when it is not the text format of Prometheus */
  export default function parse(text: string): readonly ParsedFamily[];
}
