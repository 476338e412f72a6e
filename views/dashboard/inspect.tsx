/** Draws the socket inspector: connect, subscribe, filter, pause, and trigger a test. */

import { Layout } from "../layout/layout.tsx";
import { type PageContext, url } from "../layout/page-context.ts";
import { apiUrl, CodeBlock } from "../parts/parts.tsx";

export function InspectPage({ context }: { context: PageContext }) {
  const { links } = context;
  return (
    <Layout context={context} title="Inspect" panels={[]} current="inspect" later={context.assets.inspect}>
      <header class="page-head">
        <h1>Socket inspector</h1>
        <p class="lead">Connect to the event WebSocket and see each message as it arrives.</p>
      </header>
      <noscript>
        <p class="note">This page needs JavaScript. Without it, use the curl command below.</p>
      </noscript>
      <section
        id="inspect"
        class="panel inspect needs-js"
        aria-labelledby="inspect-heading"
        data-socket={url(links, "/ws?format=json")}
        data-upload={url(links, "/api/upload")}
        data-train={url(links, "/api/train")}
      >
        <h2 id="inspect-heading">Connection</h2>
        <div class="actions">
          <button type="button" class="primary" data-do="connect">
            Connect
          </button>
          <button type="button" data-do="disconnect" disabled>
            Disconnect
          </button>
          <button type="button" data-do="drop" disabled>
            Simulate a disconnect
          </button>
          <label class="visually-hidden" for="inspect-seconds">
            Length of the disconnect in seconds
          </label>
          <input id="inspect-seconds" type="number" min="1" max="600" value="5" class="short" />
          <span>seconds</span>
          <button type="button" data-do="pause" aria-pressed="false">
            Pause
          </button>
          <button type="button" data-do="clear">
            Clear
          </button>
          <span class="pill" data-part="state" data-state="offline" role="status">
            Not connected
          </span>
        </div>
        <div class="form inspect-filters">
          <div class="field">
            <label for="inspect-since">Start at event number (optional)</label>
            <input id="inspect-since" inputmode="numeric" autocomplete="off" />
          </div>
          <div class="field">
            <label for="inspect-type">Type</label>
            <select id="inspect-type">
              <option value="">All types</option>
            </select>
          </div>
          <div class="field">
            <label for="inspect-search">Search</label>
            <input id="inspect-search" type="search" autocomplete="off" />
          </div>
        </div>
        <p class="facts" data-part="count">
          No messages yet. Select Connect, then upload the test file below. Its events appear here.
        </p>
        <ol class="messages scroll" data-part="messages" tabindex={0} aria-label="Messages, newest first" />
        <template data-part="row">
          <li class="message">
            <span class="message-seq" />
            <time />
            <strong class="message-type" />
            <details>
              <summary />
              <pre>
                <code />
              </pre>
              <button type="button" class="quiet" data-copy>
                Copy
              </button>
            </details>
          </li>
        </template>
      </section>
      <div class="pair needs-js">
        <section class="panel" aria-labelledby="rates-heading">
          <h2 id="rates-heading">Message types</h2>
          <p class="fine">
            The rate is that of the last ten seconds. The lag is the time from the server’s clock to yours,
            for live events only.
          </p>
          <section class="scroll" tabindex={0} aria-label="Figures by message type">
            <table>
              <thead>
                <tr>
                  {["Type", "Events", "Per second", "Bytes each", "Lag (ms)"].map((name) => (
                    <th scope="col">{name}</th>
                  ))}
                </tr>
              </thead>
              <tbody data-part="types" />
            </table>
          </section>
          <template data-part="type-row">
            <tr>
              <th scope="row" />
              <td />
              <td />
              <td />
              <td />
            </tr>
          </template>
        </section>
        <section class="panel" aria-labelledby="history-heading">
          <h2 id="history-heading">Connection history</h2>
          <ol class="rows scroll" data-part="history" tabindex={0} aria-label="Newest first">
            <li class="row">
              <span class="row-name">Not connected yet</span>
            </li>
          </ol>
          <template data-part="history-row">
            <li class="row">
              <span class="row-name" />
              <span class="row-when" />
            </li>
          </template>
        </section>
      </div>
      <section class="panel needs-js" aria-labelledby="test-heading">
        <h2 id="test-heading">Send test events</h2>
        <p>Upload a generated file with 400 rows, then train on it. The messages above show what happens.</p>
        <div class="actions">
          <button type="button" data-do="upload">
            Upload test file
          </button>
          <button type="button" data-do="train" disabled>
            Train on test file
          </button>
          <span data-part="outcome" role="status" />
        </div>
      </section>
      <section class="panel" aria-labelledby="curl-heading">
        <h2 id="curl-heading">With curl</h2>
        <CodeBlock
          label="Follow with curl"
          code={`${links.curl} -N '${apiUrl(links, "/api/events?follow=1")}' -H 'Accept: application/x-ndjson'`}
        />
      </section>
    </Layout>
  );
}
