"""Every page of the finished site in a browser, on a desk and on a phone: `make audit`.

Each check is that of ``test_browser`` or ``test_budgets``, where its planted faults are; here a
page is opened once for all of them.
"""

import pytest
import test_browser
import test_budgets
from test_browser import SITE, WIDTHS, pages, visit
from test_budgets import EVERYTHING, first_load, violations, without_glyph

browser, site, axe = test_browser.browser, test_browser.site, test_budgets.axe

pytestmark = pytest.mark.every_page


@pytest.mark.parametrize("name", pages())
@pytest.mark.parametrize("device", WIDTHS)
def test_a_page(browser, site, device, axe, name):
    here = visit(browser, site, WIDTHS[device], "light")
    problems = [*first_load(here, SITE, name), *here.shown(), *without_glyph(here)]
    assert here.page.evaluate("document.body.dataset.theme") == "light"
    problems += here.pale_in_the_dark()
    problems += violations(here, axe, EVERYTHING)
    here.page.close()
    assert not problems, "\n".join(problems)
