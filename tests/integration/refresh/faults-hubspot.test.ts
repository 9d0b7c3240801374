import { describeFaults } from './faults';

describeFaults('hubspot', 'availability-page', 'book');
