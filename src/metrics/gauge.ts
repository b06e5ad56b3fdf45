/** Numbers of this moment under one name. */
export interface Gauge {
  /** In the form of Prometheus: `cresset_queue_tasks`. */
  name: string;
  help: string;
  values: readonly { labels: Readonly<Record<string, string>>; value: number }[];
}
