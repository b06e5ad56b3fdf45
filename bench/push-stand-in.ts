// FCM and APNs stand-ins over TLS for benches: says where they are and with which credentials, ends with its parent.
// Told a number of milliseconds, it answers with that latency from then on.

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
