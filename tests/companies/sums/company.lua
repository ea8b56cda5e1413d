-- A company whose tests hold the sums that are predicted here against those of the Procountor sandbox.
-- A few thousand random invoices are in its tests; `TORTURE_ONLY=V1 make torture` does a million.
company "Summa Testi Oy" { language = "fi", time_zone = "Europe/Helsinki" }
