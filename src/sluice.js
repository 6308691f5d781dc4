#!/usr/bin/env node
// The package's command. Plain JavaScript that any Node can read, so that an old one says what it lacks in place of a syntax error.
const needed = 24;

if (Number(process.versions.node.split('.')[0]) < needed) {
  process.stderr.write(
    `Sluice needs Node ${needed} or newer; this is Node ${process.versions.node}.\n` +
      'Install a newer one from https://nodejs.org, or have npm bring it: npm install sluice node\n',
  );
  process.exit(1);
}

import('../dist/src/main.js');
