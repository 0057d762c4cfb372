import type { RedisLink } from './redis-link.js';

/**
 * Names what keeps the data: the processes of all masters. As long as it is the same, nothing that was
 * written can have been lost by a restart, or because a replica took over that did not have it yet.
 * @returns undefined when that cannot be said
 */
export async function readTimeline({ commands }: RedisLink): Promise<string | undefined> {
  const servers = 'nodes' in commands ? commands.nodes('master') : [commands];
  try {
    const answers = await Promise.all(servers.map((server) => server.info('server')));
    const processes = answers.map((answer) => /^run_id:(\w+)/m.exec(answer)?.[1]);
    return processes.includes(undefined) ? undefined : processes.sort().join(' ');
  } catch {
    // An ACL may forbid it.
    return undefined;
  }
}
