import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type MetricObjectWithValues,
  type MetricValue,
} from 'prom-client';

/** Figures of one service in a form that travels between threads. */
export type MetricsSnapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** Content type of {@link Metrics.text}. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The figures of one service, each labelled with its name. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Histogram<'method' | 'route' | 'status'>;

  /** @param service name of the service, the label `service` of every figure */
  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    // Among them the lag of the event loop, the heap and the open handles.
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Histogram({
      name: 'sagae_http_request_duration_seconds',
      help: 'Time from the head of a request to its answer, by route template and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers: [this.#registry],
    });
  }

  /** Counts an answered request. */
  answered(method: string, route: string, status: number, seconds: number): void {
    this.#requests.observe({ method, route, status }, seconds);
  }

  /** A figure that only grows. */
  counter(name: string, help: string): (by: number) => void {
    const counter = new Counter({ name, help, registers: [this.#registry] });
    return (by) => {
      counter.inc(by);
    };
  }

  /** Figures asked for when the metrics are read: one per value of the label. */
  gauge(name: string, help: string, label: string, read: () => ReadonlyMap<string, number>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.#registry],
      collect() {
        for (const [key, value] of read()) this.set({ [label]: key }, value);
      },
    });
  }

  /** All figures, for {@link metricsText}. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON();
  }
}

/** The figures of several services in Prometheus' text format. */
export function metricsText(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot])).metrics();
}
