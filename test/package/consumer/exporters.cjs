// The exporters as CommonJS.
const tell = require('./tell.cjs');

tell(
  require('breakwater'),
  require('breakwater/log'),
  require('breakwater/opentelemetry'),
  require('breakwater/prometheus'),
  require('prom-client'),
);
