#!/usr/bin/env node
require('dotenv').config();

const http = require('http');
const app = require('./app');
const config = require('./config');
const db = require('./db');

const server = http.createServer(app);

db.connect()
  .then(() => {
    server.listen(config.port, () => console.log('shop listens on ' + config.port));
  })
  .catch((err) => {
    console.error('no database, no shop', err);
    process.exit(1);
  });

process.on('SIGTERM', () => server.close(() => process.exit(0)));
