import { Injectable, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { ConfigModule } from './config.module.js';
import { loadConfiguration } from './load-configuration.js';
import { ServerConfiguration } from './server-configuration.js';

@Injectable()
class Reader {
  constructor(
    readonly configuration: ServerConfiguration,
    readonly service: ConfigService,
  ) {}
}

@Module({ providers: [Reader] })
class FeatureModule {}

describe('The ConfigModule', () => {
  it('gives both the configuration and its variables to every module', async () => {
    const env = { REVERB_SERVER_PORT: '1234', REDIS_PASSWORD: 'null' };
    const loaded = loadConfiguration({ env, envFilePath: '/dev/null' });
    const before = { ...process.env };
    const testing = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(loaded), FeatureModule],
    }).compile();
    const { configuration, service } = testing.get(Reader, { strict: false });
    expect(configuration).toBe(loaded.configuration);
    expect(service.get('REVERB_SERVER_PORT')).toBe(1234);
    expect(service.get('REVERB_SCALING_ENABLED')).toBe(false);
    expect(service.get('REDIS_PASSWORD')).toBeUndefined();
    expect(process.env).toEqual(before);
    await testing.close();
  });

  it('keeps two servers of one process apart', async () => {
    const ports = await Promise.all(
      ['1', '2'].map(async (port) => {
        const env = { REVERB_SERVER_PORT: port };
        const loaded = loadConfiguration({ env, envFilePath: '/dev/null' });
        const testing = await Test.createTestingModule({
          imports: [ConfigModule.forRoot(loaded)],
        }).compile();
        return testing.get(ConfigService, { strict: false }).get('REVERB_SERVER_PORT') as number;
      }),
    );
    expect(ports).toEqual([1, 2]);
  });
});
