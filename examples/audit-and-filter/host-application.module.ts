import { Module, type DynamicModule } from '@nestjs/common';
import { createApplication, RevurbModule } from 'revurb';
import { AUDIT_FILE, AuditLog } from './audit-log.js';
import { AuditExtension } from './audit.extension.js';
import { MessageFilterExtension } from './message-filter.extension.js';

/** A module with extensions. The server finds them, wherever it is imported. */
@Module({})
export class ComplianceModule {
  /** @param auditFile path of the log */
  static forRoot(auditFile: string): DynamicModule {
    return {
      module: ComplianceModule,
      providers: [
        { provide: AUDIT_FILE, useValue: auditFile },
        AuditLog,
        AuditExtension,
        MessageFilterExtension,
      ],
    };
  }
}

/** A Nest application with the server in it. */
@Module({})
export class HostApplicationModule {
  /** @param auditFile path of the log */
  static forRoot(auditFile: string): DynamicModule {
    return {
      module: HostApplicationModule,
      imports: [
        RevurbModule.forRoot({
          applications: [
            createApplication({ id: 'app-id', keys: [{ key: 'app-key', secret: 'app-secret' }] }),
          ],
        }),
        ComplianceModule.forRoot(auditFile),
      ],
    };
  }
}
