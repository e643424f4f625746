"""Multicast DNS: announce this relay, watch for others. The only importer of zeroconf.

What the library does not do by itself is done here: changed addresses are announced again, the browser is renewed (it stops
asking after 14 s and would never hear of a relay whose network came back later), a name taken on the network is read back.
What it cannot do is left to others: a killed relay stays listed for twenty minutes, so what is heard here must be probed.

Nothing here raises because of the network: a relay that cannot be announced still serves, and says why it is silent.
"""
