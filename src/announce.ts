import { Logger } from '@nestjs/common';
import { announcementOf, bannerOf, endpointsOf } from './banner.js';
import type { LoadedConfiguration } from './config/load-configuration.js';
import { packageVersion } from './package-version.js';

/** Says that the server listens at a port, with how many workers: a banner for eyes, a line for machines. */
export function announce(
  { configuration }: LoadedConfiguration,
  port: number,
  workers: number,
): void {
  const endpoints = endpointsOf(configuration, port);
  const { applications } = configuration;
  const announcement = announcementOf(configuration, applications, endpoints.public, workers);
  if (configuration.log.format === 'json') {
    new Logger('Server').log('The server listens', announcement);
  } else {
    process.stdout.write(`${bannerOf(announcement, endpoints, packageVersion())}\n`);
  }
}
