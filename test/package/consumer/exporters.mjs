// The exporters as ES modules.
import * as breakwater from 'breakwater';
import * as log from 'breakwater/log';
import * as opentelemetry from 'breakwater/opentelemetry';
import * as prometheus from 'breakwater/prometheus';
import promClient from 'prom-client';
import tell from './tell.cjs';

await tell(breakwater, log, opentelemetry, prometheus, promClient);
