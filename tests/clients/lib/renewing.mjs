// Renews the access token on a connection of graphql-ws, before it runs out and ends the connection (4498).

/**
 * Sends the new token as a ping's payload over the socket that the client's event `opened` gave, and resolves to the
 * moment when it runs out. What runs goes on with it.
 */
export function renew(client, socket, token) {
  const answer = new Promise((resolve) => {
    const forget = client.on("pong", (received, payload) => {
      if (!received || !payload?.expiresAt) return;
      forget();
      resolve(new Date(payload.expiresAt));
    });
  });
  socket.send(JSON.stringify({ type: "ping", payload: { authorization: `Bearer ${token}` } }));
  return answer;
}
