"""Where does an invitation lead? To one address, known without loading those of all pages and of the interface."""

from django.urls import path

from watchbell.web import invitations

urlpatterns = [path("join/<str:public_id>/", invitations.join, name="join")]
