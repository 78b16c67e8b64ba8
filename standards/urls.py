"""Pages under /campaigns/, by who works on them."""

from standards import urls_campaigns, urls_rubrics, urls_study

app_name = "standards"

urlpatterns = [*urls_campaigns.urlpatterns, *urls_rubrics.urlpatterns, *urls_study.urlpatterns]
