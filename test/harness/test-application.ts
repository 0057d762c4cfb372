/** The application every test server has, unless told otherwise. */
export const TEST_APPLICATION = { appId: 'app-id', key: 'app-key', secret: 'app-secret' };
