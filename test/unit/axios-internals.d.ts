// How axios decides whether a proxy is used: modules without types, needed for a differential test.
declare module 'axios/unsafe/helpers/shouldBypassProxy.js' {
  export default function shouldBypassProxy(location: string): boolean;
}
declare module 'proxy-from-env' {
  export function getProxyForUrl(url: string): string;
}
