-- The smallest PDF there is: one page of lines of text (PDF 1.4, ISO 32000-1; offsets in the table of
-- references are from the file's beginning).
--
--   pdf.page(lines)  -> its bytes; letters beyond ASCII become question marks

local pdf = {}

local function content(lines)
  local text = { "BT /F1 14 Tf 72 770 Td 20 TL" }
  for _, line in ipairs(lines) do
    text[#text + 1] = ("(%s) Tj T*"):format(line:gsub("[\128-\255]+", "?"):gsub("[()\\]", "\\%0"))
  end
  text[#text + 1] = "ET"
  return table.concat(text, "\n")
end

function pdf.page(lines)
  local stream = content(lines)
  local objects = {
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
      .. "/Resources << /Font << /F1 5 0 R >> >> >>",
    ("<< /Length %d >>\nstream\n%s\nendstream"):format(#stream, stream),
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
  }
  local out, places = { "%PDF-1.4\n" }, {}
  local size = #out[1]
  for i, object in ipairs(objects) do
    places[i] = ("%010d 00000 n \n"):format(size)
    out[#out + 1] = ("%d 0 obj\n%s\nendobj\n"):format(i, object)
    size = size + #out[#out]
  end
  out[#out + 1] = ("xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
    .. "startxref\n%d\n%%%%EOF\n"):format(#objects + 1, table.concat(places), #objects + 1, size)
  return table.concat(out)
end

return pdf
