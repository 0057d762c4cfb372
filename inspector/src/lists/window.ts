/** The rows of a long list that are drawn. */
export interface RowWindow {
  readonly start: number;
  /** Behind the last one. */
  readonly end: number;
}

/** What is seen of a list of rows of one height. */
export interface Viewport {
  readonly scrollTop: number;
  readonly height: number;
  readonly rowHeight: number;
}

const OVERSCAN = 6;

/** Rows that are seen, and a few more on either side. */
export function windowOf(count: number, { scrollTop, height, rowHeight }: Viewport): RowWindow {
  const first = Math.floor(Math.max(0, scrollTop) / rowHeight);
  const visible = Math.ceil(height / rowHeight) + 1;
  const start = Math.min(Math.max(0, first - OVERSCAN), Math.max(0, count - visible));
  return { start, end: Math.min(count, first + visible + OVERSCAN) };
}

/** Where to scroll so that a row is seen whole; as it is when it is. */
export function scrollTopFor(index: number, viewport: Viewport): number {
  const { scrollTop, height, rowHeight } = viewport;
  const top = index * rowHeight;
  if (top < scrollTop) {
    return top;
  }
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/** Which row a key leads to from another, -1 for none yet; undefined for keys that mean nothing here. */
export function rowAfterKey(
  key: string,
  index: number,
  count: number,
  perPage: number,
): number | undefined {
  const last = count - 1;
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + perPage,
    PageUp: index - perPage,
    Home: 0,
    End: last,
  };
  const target = targets[key];
  return target === undefined || count === 0 ? undefined : Math.min(last, Math.max(0, target));
}
