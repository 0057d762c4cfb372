/** Which the names of topics cannot hold: they are UTF-8. */
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** What a topic is called in Redis. In braces: the hash tag, which puts it into one slot of a Cluster. */
export function topicName(prefix: string, topic: string): string {
  return `${prefix}:{${topic.replaceAll(LONE_SURROGATES, '\ufffd')}}`;
}
