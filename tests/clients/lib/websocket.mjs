// What a browser has and Node 20 lacks.
import WebSocket from "ws";

globalThis.WebSocket = WebSocket;
