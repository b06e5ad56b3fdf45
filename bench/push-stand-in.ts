// FCM and APNs stand-ins over TLS for benches. It sends its parent their addresses and credentials, and ends with it.
// A number of milliseconds from the parent sets their latency.

import { loopbackCertificate } from '../rig/loopback-certificate.ts';
import { startApnsSimulator } from '../src/simulate/apns/apns.ts';
import { readFaults } from '../src/simulate/faults.ts';
import { startFcmSimulator } from '../src/simulate/fcm/fcm.ts';

const fcm = await startFcmSimulator({ tls: loopbackCertificate, keep: 1 });
const apns = await startApnsSimulator({ tls: loopbackCertificate, keep: 1 });

process.on('message', (latency: number) => {
  for (const one of [fcm, apns]) {
    one.reset();
    one.setFaults(readFaults({ latency }));
  }
  process.send?.('set');
});
process.on('disconnect', () => process.exit());
process.send?.({ fcmUrl: fcm.url, account: fcm.serviceAccount, apnsUrl: apns.url, key: apns.keys[0] });
