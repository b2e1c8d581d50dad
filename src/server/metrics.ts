/** Metrics for Prometheus: requests and their times, votes, leases, requests in progress, and the process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** Upper bounds of a request's time, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export class ServerMetrics {
  private readonly registry = new Registry();
  private readonly registers = [this.registry];
  private readonly requests = new Counter({
    name: "plumb_requests_total",
    help: "Requests by operation and status",
    labelNames: ["operation", "status"],
    registers: this.registers,
  });
  private readonly seconds = new Histogram({
    name: "plumb_request_seconds",
    help: "Time from a request's arrival to its answer, by operation",
    labelNames: ["operation"],
    buckets: BUCKETS,
    registers: this.registers,
  });
  readonly votes = new Counter({
    name: "plumb_votes_total",
    help: "Votes taken, including corrections",
    registers: this.registers,
  });
  readonly leases = new Counter({
    name: "plumb_leases_answered_total",
    help: "Leases in answers to raters who asked for work",
    registers: this.registers,
  });
  readonly queue = new Gauge({
    name: "plumb_requests_in_progress",
    help: "Requests that are being answered",
    registers: this.registers,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  answered(operation: string, status: number, seconds: number): void {
    this.requests.inc({ operation, status });
    this.seconds.observe({ operation }, seconds);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
