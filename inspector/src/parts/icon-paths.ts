/** Strokes of all icons, in a box of 16. */
export const ICON_PATHS = {
  plug: 'M6 2v4M10 2v4M4 6h8v2a4 4 0 0 1-8 0zM8 12v2',
  unplug: 'M6 2v2M10 2v2M4 6h8v2a4 4 0 0 1-8 0zM8 12v2M2 14 14 2',
  block: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM4 12l8-8',
  key: 'M10.5 2.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8.3 7.7 3 13M5 11l2 2',
  gauge: 'M2.5 12a6 6 0 1 1 11 0M8 10l3-4',
  user: 'M8 2.5a2.7 2.7 0 1 1 0 5.4 2.7 2.7 0 0 1 0-5.4zM3 13.5a5 5 0 0 1 10 0',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  send: 'M2 8h11M9 4l4 4-4 4',
  swap: 'M2 5h11M10 2l3 3-3 3M14 11H3M6 8l-3 3 3 3',
  box: 'M2.5 5 8 2l5.5 3v6L8 14l-5.5-3zM2.5 5 8 8l5.5-3M8 8v6',
  emptyBox: 'M3 5h10v8H3zM3 5l2-3h6l2 3M6 9l4 0',
  hook: 'M9 2v7.5a3 3 0 1 1-6 0M9 2h3M3 9.5 2 11M3 9.5 5 11',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.5l2.5 1.5',
  layers: 'M8 2 2 5.5 8 9l6-3.5zM2 9l6 3.5L14 9',
  server: 'M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01',
  hand: 'M8 2v6M5 4v6M11 4v5M5 10a4 4 0 0 0 8 0V7M5 10 3 8',
  sun: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  moon: 'M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z',
  half: 'M8 2a6 6 0 1 1 0 12zM8 2a6 6 0 0 0 0 12',
  close: 'M4 4l8 8M12 4l-8 8',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l8 5-8 5z',
  download: 'M8 2v8M4.5 7 8 10.5 11.5 7M3 13.5h10',
  trash: 'M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.7 9h5.6l.7-9',
  exit: 'M9 3H3v10h6M7 8h7M11.5 5.5 14 8l-2.5 2.5',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3.5M8 12h.01',
} as const;

/** Names of icons. */
export type IconName = keyof typeof ICON_PATHS;
