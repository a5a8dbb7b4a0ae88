/*
 * The page of a run, live: the server tells texts for the places that have a `data-text`, how far the bar is, and rows of new
 * failures. Everything goes in as text. Without this file the page loads itself anew.
 */
const card = document.querySelector('[data-events]')

if (card !== null) {
  const bar = card.querySelector('progress')
  const failures = document.querySelector('[data-failures]')
  const places = [...card.querySelectorAll('[data-text]')]
  const source = new EventSource(card.dataset.events)

  source.onmessage = ({ data }) => {
    const { texts, value, max, failures: rows } = JSON.parse(data)
    for (const place of places) {
      const text = texts[place.dataset.text]
      // Only what has changed, so that a screen reader tells nothing twice.
      if (place.textContent !== text) place.textContent = text
    }
    bar.max = max
    bar.value = value
    for (const row of rows) failures.querySelector('tbody').append(rowOf(row))
    if (rows.length > 0) failures.hidden = false
  }

  // The page of a run that is over has other buttons.
  source.addEventListener('ended', () => {
    source.close()
    location.reload()
  })

  source.onerror = () => {
    // Otherwise the browser connects again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000)
  }
}

function rowOf({ tenant, href, cells }) {
  const row = document.createElement('tr')
  const head = document.createElement('th')
  const link = document.createElement('a')
  head.scope = 'row'
  link.href = href
  link.textContent = tenant
  head.append(link)
  row.append(head)
  for (const text of cells) {
    const cell = document.createElement('td')
    cell.textContent = text
    row.append(cell)
  }
  return row
}
